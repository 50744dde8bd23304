# For packer init, which Packer has from 1.7 on. Packer 1.6 contains the plugin and cannot read this
# file, so give packer build the template alone. Add the plugin of your own builder.
packer {
  required_plugins {
    ansible = {
      source  = "github.com/hashicorp/ansible"
      version = "1.1.4"
    }
  }
}
