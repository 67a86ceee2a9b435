"""The writer's face: a page that is saved is read, judged and shown."""
