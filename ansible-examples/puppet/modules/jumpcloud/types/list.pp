# @summary A list as a hash by id (with `names`, also by name), so that Hiera can merge it. `false` leaves an entry out.
type Jumpcloud::List = Hash[String[1], Boolean]
