// Copyright: (c) 2026, the kube_runbooks.image_pull contributors
// SPDX-License-Identifier: GPL-3.0-or-later

//go:build !kubelet_until_1_32

package main

import (
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/plugin"
)

// The order of pkg/kubelet/images/image_manager.go: the node's file, then the plugins, each a keyring of its own.
func nodeKeyring(config, bin string) credentialprovider.DockerKeyring {
	if config != "" {
		check(plugin.RegisterCredentialProviderPlugins(config, bin, nil, nil))
	}
	plugins := plugin.NewExternalCredentialProviderDockerKeyring("default", "pod", "uid", "default")
	return credentialprovider.UnionDockerKeyring{credentialprovider.NewDefaultDockerKeyring(), plugins}
}
