# @summary Converts a list of the document to an array.
# @param entries The hash by id.
# @return The entries that are not `false`.
function jumpcloud::list(Jumpcloud::Users $entries) >> Array {
  $listed = $entries.filter |$_id, $entry| { $entry }
  $listed.map |$id, $entry| {
    $entry ? {
      Hash    => { 'id' => $id } + $entry,
      default => $id,
    }
  }
}
