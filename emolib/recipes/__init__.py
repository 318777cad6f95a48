"""One folder a paper: settings, data, systems and items. Only here do rooms meet."""
