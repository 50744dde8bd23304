# Keeps this host's JumpCloud record as described. The title is the name of a module.
#
# The module is its own guard. With --check --detailed-exitcode its exit status is 0 if nothing
# would change, and the command is not run. 2 (a change) and 1 (a failure) both run the command, so
# that a failure fails the resource and shows why.
#
# @param options  The module's options.
define jumpcloud::keep (
  Hash[String[1], Data] $options,
) {
  # An array is run without a shell, so nothing needs quoting.
  $call = ["/usr/local/lib/jumpcloud/${title}", inline_template('<%= @options.to_json %>')]

  exec { "Keep ${title}":
    command => $call,
    unless  => [$call + ['--check', '--detailed-exitcode']],
    timeout => 900,
  }
}
