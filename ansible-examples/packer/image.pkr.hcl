# Makes a golden image from a plain image. Each clone registers as a new system and describes itself.
#
#   export JUMPCLOUD_CONNECT_KEY=…
#   packer build -var ssh_host=… -var ssh_username=… -var ssh_private_key_file=… \
#     -var 'packages=["jumpcloud-system-context_0.1.0-1_all.deb"]' -var document=host.json image.pkr.hcl
#
# In this order:
#   1. install.sh installs the package, and starts the unit that removes the build host from JumpCloud
#      when it is powered off.
#   2. build-host.yml installs the agent, which registers the build host, and describes that host.
#   3. Your own provisioners.
#   4. seal.sh installs the document that describes a clone, and removes what clones must not share.
#
# With JUMPCLOUD_CONNECT_KEY, the image contains the agent and, because the agent registers each clone
# with it, the connect key. Without it, unless a provisioner of yours installs the agent, the image
# contains neither, the build host is not in JumpCloud, and each clone installs the agent:
# ../cloud-init/user-data-agent.yml.
#
# A build that fails leaves the record golden-image-build in JumpCloud until its machine is powered off.
# A cloud builder powers it off at once. ../../docs/golden-images.md describes the exceptions.
#
# Packer checks no SSH host key, neither itself nor through Ansible, and sends the connect key to the
# build host. Build in a network in which no one else can answer at that address.
#
# Tested with Packer 1.6.6. From 1.7 on, install the Ansible plugin first:
#   packer init plugins.pkr.hcl
# The collection must be installed with ansible-galaxy.

variable "ssh_host" {
  type        = string
  description = "The address of the machine that becomes the image."
}

variable "ssh_port" {
  type    = number
  default = 22
}

variable "ssh_username" {
  type        = string
  description = "The user of the plain image who has sudo without a password, such as admin or ec2-user."
}

variable "ssh_private_key_file" {
  type = string
}

variable "packages" {
  type        = list(string)
  description = "The deb or rpm file of jumpcloud-system-context. If the distribution's Node.js is too old, also that of jumpcloud-system-context-node."
}

variable "files" {
  type        = list(string)
  default     = []
  description = "Further files for seal.sh, such as names.json."
}

variable "document" {
  type        = string
  description = "The document that describes a clone, such as ../autoscaling/host.json with your own ids."
}

variable "connect_key" {
  type      = string
  default   = env("JUMPCLOUD_CONNECT_KEY")
  sensitive = true
}

# The null builder uses an existing machine. Replace it with your own builder (amazon-ebs,
# azure-arm, googlecompute, qemu …).
source "null" "build_host" {
  ssh_host             = var.ssh_host
  ssh_port             = var.ssh_port
  ssh_username         = var.ssh_username
  ssh_private_key_file = var.ssh_private_key_file
}

build {
  sources = ["source.null.build_host"]

  # Files and scripts are in the home directory, not in /tmp: other users cannot change what root runs
  # there, and a reboot does not empty it.
  provisioner "shell" {
    inline = [
      "if command -v cloud-init >/dev/null; then cloud-init status --wait || true; fi",
      "mkdir -p -m 700 jumpcloud-build",
    ]
    remote_folder = "."
  }

  provisioner "file" {
    sources     = concat(var.packages, var.files)
    destination = "jumpcloud-build/"
  }

  provisioner "shell" {
    script          = "${path.root}/install.sh"
    execute_command = "sudo env {{ .Vars }} sh {{ .Path }}"
    remote_folder   = "jumpcloud-build"
  }

  # With pipelining, the connect key is in no temporary file of Ansible.
  provisioner "ansible" {
    playbook_file = "${path.root}/build-host.yml"
    user          = var.ssh_username
    use_proxy     = false
    ansible_env_vars = [
      "ANSIBLE_PIPELINING=True",
      "JUMPCLOUD_CONNECT_KEY=${var.connect_key}",
    ]
  }

  # Your own provisioners go here.

  # The seal, always last. Each system that boots from this image is a clone.
  provisioner "file" {
    source      = var.document
    destination = "jumpcloud-build/host.json"
  }

  provisioner "shell" {
    script          = "${path.root}/seal.sh"
    execute_command = "sudo env {{ .Vars }} sh {{ .Path }}"
    remote_folder   = "jumpcloud-build"
    # The script has removed its directory.
    skip_clean = true
  }
}
