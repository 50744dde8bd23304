# Keeps this host's JumpCloud record as described. The title is the module's name, the
# options are the module's.
#
# The guard is the module itself: with --check --detailed-exitcode it exits with 0 when nothing would
# change, and the command is not run. 2, something would change, and 1, a failure, both run it, so
# that a failure fails the resource and shows why.
#
# @param options  The module's options.
define jumpcloud::keep (
  Hash[String[1], Data] $options,
) {
  # Without a shell in between, nothing has to be quoted.
  $call = ["/usr/local/lib/jumpcloud/${title}", inline_template('<%= @options.to_json %>')]

  exec { "Keep ${title}":
    command => $call,
    unless  => [$call + ['--check', '--detailed-exitcode']],
    timeout => 900,
  }
}
