# A golden image with the JumpCloud agent in it, whose clones register anew:
#   1. the modules (npm run build makes them), the document that describes a clone, the script and the
#      systemd units that keep it go into the image, which has Node.js 18.17 or later already;
#   2. while it is built, the build host is a member of JumpCloud: build-host.yml;
#   3. at the end it leaves JumpCloud and forgets its identity.
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

  provisioner "shell" {
    inline = ["mkdir -p /tmp/jumpcloud/modules /tmp/jumpcloud/systemd"]
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
  }

  # Settings and membership of the build host, through Ansible.
  provisioner "ansible" {
    playbook_file = "${path.root}/build-host.yml"
    user          = var.ssh_username
    use_proxy     = false
  }

  # Your own provisioners go here.

  # The golden ending. Whatever boots from here on is a clone, and describes itself. stop_agent comes
  # first, because a connected agent uninstalls itself once its record is gone; purge_identity deletes
  # its key last, when JumpCloud has been seen to refuse it.
  provisioner "shell" {
    inline = [
      "sudo systemctl enable jumpcloud-host.service",
      "sudo /usr/local/lib/jumpcloud/jumpcloud_removal '{\"stop_agent\": true, \"purge_identity\": true}'",
      "rm -r /tmp/jumpcloud",
    ]
  }
}
