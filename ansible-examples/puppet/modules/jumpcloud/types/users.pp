# @summary A list of users or user groups with their sudo, as a hash by id. `false` leaves an entry out.
type Jumpcloud::Users = Hash[String[1], Variant[Boolean, Struct[{
  Optional['sudo']                  => Boolean,
  Optional['sudo_without_password'] => Boolean,
}]]]
