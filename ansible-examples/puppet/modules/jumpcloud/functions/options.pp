# @summary Converts a document to the options of jumpcloud_host, whose lists are arrays.
# @param document The document.
# @return The options.
function jumpcloud::options(Jumpcloud::Document $document) >> Hash {
  Hash($document.map |$name, $value| {
    $option = $name ? {
      Jumpcloud::Lists => jumpcloud::list($value),
      'exclusive'      => jumpcloud::list($value),
      'keep'           => Hash($value.map |$section, $ids| { [$section, jumpcloud::list($ids)] }),
      default          => $value,
    }
    [$name, $option]
  })
}
