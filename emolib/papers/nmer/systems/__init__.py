"""How each system of paper 3's tables is trained: one file a system.

A file holds

- ``READS``: the settings it reads beside those that every unit has (`TASK_KEYS`,
  `CORRUPTION_KEYS`); ``READS_IF`` (switch -> settings that count only while it is on)
- ``build(task)``: its model, untrained
- ``run(settings, context)``: takes a fold (`Task.of`), trains with `Task.fit` under
  ``task.noise``, returns `Task.outcome`
- functions at its top that are stages: ``task.stage(train, build, STAGE_KEYS)``

A training step reads a batch by `seen`, as its student sees it under the noise. Nothing
in a file looks at test labels.
"""
