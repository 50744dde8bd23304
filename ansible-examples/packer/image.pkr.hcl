# Makes a golden image from a plain image. Each clone registers as a new system. In this order:
#   1. Runtime and agent: build-host.yml installs Node.js, unless there is one, and the agent, which
#      registers the build host. Then it describes that host in JumpCloud.
#   2. Modules (npm run build makes them), the document that describes a clone, and the script and
#      systemd units that apply the document are copied into the image.
#   3. Seal: the build host's record and the agent's identity are deleted.
# The connect key comes from the environment, so that it is in no file and no log:
#   JUMPCLOUD_CONNECT_KEY=… packer build -var ssh_host=… image.pkr.hcl
# The seal does not delete what JumpCloud's kickstart, the agent's installer, leaves of the connect
# key in the image: the agent registers each clone with it. If an image must not contain a connect
# key, remove the role agent and the task from build-host.yml, and jumpcloud_removal from this file.
# Let each clone run the kickstart at its first boot, from its user-data; jumpcloud-host.service
# waits for the agent.
# Works with Packer 1.6 and later. From 1.7 on, install the Ansible plugin first:
#   packer init plugins.pkr.hcl
# The collection must be installed with ansible-galaxy.

variable "ssh_host" {
  type = string
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
    playbook_file = "${path.root}/build-host.yml"
    user          = var.ssh_username
    use_proxy     = false
  }

  # A private directory, so that no other user of the build host can change the files that root runs
  # later. It must not exist: remove it before you repeat a failed build. For the same reason
  # Packer's scripts are not in /tmp: this one goes into the home directory, later ones into the
  # private directory.
  provisioner "shell" {
    inline = [
      "mkdir -m 700 /tmp/jumpcloud",
      "mkdir /tmp/jumpcloud/modules /tmp/jumpcloud/systemd",
    ]
    remote_folder = "."
  }

  provisioner "file" {
    source      = "${path.root}/../../dist/modules/"
    destination = "/tmp/jumpcloud/modules"
  }

  provisioner "file" {
    source      = "${path.root}/../shell/boot.sh"
    destination = "/tmp/jumpcloud/boot.sh"
  }

  provisioner "file" {
    source      = "${path.root}/../shell/host.json"
    destination = "/tmp/jumpcloud/host.json"
  }

  provisioner "file" {
    source      = "${path.root}/../systemd/"
    destination = "/tmp/jumpcloud/systemd"
  }

  provisioner "shell" {
    script          = "${path.root}/install.sh"
    execute_command = "chmod +x {{ .Path }}; sudo env {{ .Vars }} {{ .Path }}"
    remote_folder   = "/tmp/jumpcloud"
  }

  # Your own provisioners go here.

  # The seal, always last. Each system that boots from this image is a clone, and describes itself.
  # The module stops the agent first, because a connected agent uninstalls itself once its record is
  # gone. It deletes the agent's key last, when JumpCloud no longer accepts it.
  provisioner "shell" {
    inline = [
      "sudo systemctl enable jumpcloud-host.service",
      "sudo /usr/local/lib/jumpcloud/jumpcloud_removal '{\"stop_agent\": true, \"purge_identity\": true}'",
      "rm -r /tmp/jumpcloud",
    ]
    remote_folder = "/tmp/jumpcloud"
  }
}
