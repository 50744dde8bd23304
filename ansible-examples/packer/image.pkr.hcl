# A golden image of a plain one, whose clones register anew. In this order:
#   1. the runtime and the agent: build-host.yml installs Node.js, unless there is one, and the agent,
#      which registers the build host; then it describes that host in JumpCloud;
#   2. the modules (npm run build makes them), the document that describes a clone, the script and the
#      systemd units that keep it go into the image;
#   3. the seal: the build host leaves JumpCloud, and the image forgets its identity.
# The connect key is taken from the environment, so that it is in no file and no log:
#   JUMPCLOUD_CONNECT_KEY=… packer build -var ssh_host=… image.pkr.hcl
# The seal deletes the build host's identity, not what JumpCloud's kickstart leaves of the connect key:
# with that, the agent registers each clone. Where an image must hold no key, leave the role agent and the
# task out of build-host.yml and jumpcloud_removal out of here, and have each clone run the kickstart at
# its first boot, from its user-data: jumpcloud-host.service waits for it.
# Works with Packer 1.6 and later (from 1.7 on: packer plugins install github.com/hashicorp/ansible).
# Ansible finds the collection where ansible-galaxy installed it.

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

# The null builder prepares a machine that is there already. Put your own in its place (amazon-ebs,
# azure-arm, googlecompute, qemu …).
source "null" "build_host" {
  ssh_host             = var.ssh_host
  ssh_port             = var.ssh_port
  ssh_username         = var.ssh_username
  ssh_private_key_file = var.ssh_private_key_file
}

build {
  sources = ["source.null.build_host"]

  # Node.js, the agent, and the build host in JumpCloud.
  provisioner "ansible" {
    playbook_file = "${path.root}/build-host.yml"
    user          = var.ssh_username
    use_proxy     = false
  }

  # A private folder, so that no other user of the build host can change what root runs later. It must not
  # exist: remove it before you repeat a build that failed. Packer's scripts stay out of /tmp for the same
  # reason: this one goes into the home folder, later ones into the private folder.
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

  # The seal, always last. Whatever boots from here on is a clone, and describes itself. stop_agent comes
  # first, because a connected agent uninstalls itself once its record is gone; purge_identity deletes
  # its key last, when JumpCloud has been seen to refuse it.
  provisioner "shell" {
    inline = [
      "sudo systemctl enable jumpcloud-host.service",
      "sudo /usr/local/lib/jumpcloud/jumpcloud_removal '{\"stop_agent\": true, \"purge_identity\": true}'",
      "rm -r /tmp/jumpcloud",
    ]
    remote_folder = "/tmp/jumpcloud"
  }
}
