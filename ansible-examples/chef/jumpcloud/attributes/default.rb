# frozen_string_literal: true

# The sections of the document. An empty section is not managed.
default['jumpcloud']['system'] = {}
default['jumpcloud']['groups'] = []
default['jumpcloud']['users'] = []

# On a new host, how many seconds a run waits for the agent to register.
default['jumpcloud']['registration_timeout'] = 120
