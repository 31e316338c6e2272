// Copyright: (c) 2026, the kube_runbooks.image_pull contributors
// SPDX-License-Identifier: GPL-3.0-or-later

//go:build kubelet_until_1_32

package main

import (
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/plugin"
)

// Up to Kubernetes 1.32 the node's file and all plugins are registered in one place and make one keyring.
func nodeKeyring(config, bin string) credentialprovider.DockerKeyring {
	if config != "" {
		check(plugin.RegisterCredentialProviderPlugins(config, bin))
	}
	return credentialprovider.NewDockerKeyring()
}
