// Copyright: (c) 2026, the kube_runbooks.image_pull contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Several distribution registries in one process: one for each configuration file that is named.
//
// The storage drivers for clouds stay out, which is most of what the registry's own program consists of.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	_ "github.com/distribution/distribution/v3/registry/auth/token"
	_ "github.com/distribution/distribution/v3/registry/proxy"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
)

func main() {
	ended := make(chan error)
	for _, path := range os.Args[1:] {
		made, err := load(path)
		if err != nil {
			fail(fmt.Errorf("%s: %w", path, err))
		}
		go func() { ended <- made.ListenAndServe() }()
	}
	fail(<-ended)
}

func load(path string) (*registry.Registry, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	config, err := configuration.Parse(file)
	if err != nil {
		return nil, err
	}
	if config.Proxy.RemoteURL != "" {
		waitFor(config.Proxy.RemoteURL)
	}
	return registry.NewRegistry(context.Background(), config)
}

// A pull-through cache asks its upstream for the token service when it starts, and does not start without an answer.
func waitFor(remote string) {
	for attempt := 0; attempt < 100; attempt++ {
		answer, err := http.Get(remote + "/v2/")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode < 500 {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
