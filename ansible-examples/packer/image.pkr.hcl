# Makes a golden image from a plain image. Each clone registers as a new system and describes itself.
#
#   export JUMPCLOUD_CONNECT_KEY=…
#   packer build -var ssh_host=… -var ssh_private_key_file=… -var package=….deb image.pkr.hcl
#
# In this order:
#   1. build-host.yml installs Node.js, unless there is one, and the agent, which registers the build
#      host. Then it describes that host in JumpCloud.
#   2. install.sh installs the deb or rpm package and the document that describes a clone.
#   3. Your own provisioners.
#   4. seal.sh removes what clones must not share, and seals the agent last.
#
# A build that fails in between leaves the record golden-image-build in JumpCloud. Before you destroy
# its machine or build again, remove the record:
#
#   ansible-playbook -i HOST, -u USER ../decommission.yml -e retired=HOST
#
# If the machine is gone already, delete the record in the Admin Portal.
#
# Packer checks no SSH host key, neither itself nor through Ansible, and sends the connect key to the
# build host. Build in a network in which no one else can answer at that address.
#
# The connect key is in no file, no log and no process list of the build. But JumpCloud's kickstart,
# the agent's installer, leaves it in the image, because the agent registers each clone with it. If
# an image must not contain it, remove the role agent and the task from build-host.yml, the variable
# connect_key and the line ansible_env_vars here, and the last command from seal.sh, and install the agent on each clone: ../cloud-init/user-data-agent.yml.
#
# Works with Packer 1.6 and later. From 1.7 on, install the Ansible plugin first:
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
  type    = string
  default = "root"
}

variable "ssh_private_key_file" {
  type = string
}

variable "package" {
  type        = string
  description = "The path of the deb or rpm file of jumpcloud-system-context."

  validation {
    condition     = contains([".deb", ".rpm"], substr(var.package, -4, 4))
    error_message = "The package must be a .deb or .rpm file."
  }
}

variable "connect_key" {
  type      = string
  default   = env("JUMPCLOUD_CONNECT_KEY")
  sensitive = true

  validation {
    condition     = length(var.connect_key) > 0
    error_message = "Set the environment variable JUMPCLOUD_CONNECT_KEY."
  }
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

  # Installs Node.js and the agent, and describes the build host in JumpCloud.
  provisioner "ansible" {
    playbook_file    = "${path.root}/build-host.yml"
    user             = var.ssh_username
    use_proxy        = false
    ansible_env_vars = ["JUMPCLOUD_CONNECT_KEY=${var.connect_key}"]
  }

  # A private directory, so that no other user of the build host can change the files that root runs
  # later. It must not exist: remove it before you repeat a failed build. For the same reason
  # Packer's scripts are not in /tmp: this one goes into the home directory, later ones into the
  # private directory.
  provisioner "shell" {
    inline        = ["mkdir -m 700 /tmp/jumpcloud"]
    remote_folder = "."
  }

  provisioner "file" {
    source      = var.package
    destination = "/tmp/jumpcloud/package"
  }

  provisioner "file" {
    source      = "${path.root}/../shell/host.json"
    destination = "/tmp/jumpcloud/host.json"
  }

  provisioner "shell" {
    script          = "${path.root}/install.sh"
    execute_command = "chmod +x {{ .Path }}; sudo env {{ .Vars }} {{ .Path }}"
    remote_folder   = "/tmp/jumpcloud"
  }

  # Your own provisioners go here.

  # The seal, always last. Each system that boots from this image is a clone.
  provisioner "shell" {
    script          = "${path.root}/seal.sh"
    execute_command = "chmod +x {{ .Path }}; sudo env {{ .Vars }} {{ .Path }}"
    remote_folder   = "/tmp/jumpcloud"
    # The script has removed its directory.
    skip_clean = true
  }
}
