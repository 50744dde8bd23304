/** The advice for an answer that does not come from JumpCloud. */
export const NOT_JUMPCLOUD_ADVICE =
  'Check api_url, region and proxy: another server may be answering.';
