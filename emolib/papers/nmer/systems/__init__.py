"""How each system of paper 3's tables is trained: one file a system.

A file holds

- ``READS``: the settings it reads beside those that every unit has (`TASK_KEYS`,
  `CORRUPTION_KEYS`); ``READS_IF`` (switch -> settings that count only while it is on);
  ``SHARES``: a name for the stage that other systems need too, if there is one
- ``run(settings, context)``: takes a fold (`Task.of`) and its noise
  (``task.corruption(settings)``), trains with `emolib.training.fit.fit` and
  `ua_monitor`, returns `outcome_of`
- ``restore(entry, context)``: the trained model of a stored unit
- functions at its top that are stages: ``context.stage(train, **pick(settings, keys))``

A training step reads a batch by `unpack`, draws its conditions by ``corruption.draw``
and sees what ``corruption.apply`` makes of it. Nothing in a file looks at test labels.
"""
