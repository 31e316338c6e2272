// Copyright: (c) 2026, the kube_runbooks.image_pull contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Says for cases on standard input, one JSON object a line, which credentials Kubernetes' own code offers.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"
	"k8s.io/kubernetes/pkg/util/parsers"
)

type secret struct {
	Name string            `json:"name"`
	Type string            `json:"type"`
	Data map[string][]byte `json:"data"`
}

type provider struct {
	Name string          `json:"name"`
	Auth json.RawMessage `json:"auth"`
}

type testCase struct {
	Image     string     `json:"image"`
	Secrets   []secret   `json:"secrets"`
	Configs   [][]byte   `json:"configs"`
	Legacy    [][]byte   `json:"legacy"`
	Providers []provider `json:"providers"`
}

type answer struct {
	Repository string      `json:"repository"`
	Tag        string      `json:"tag"`
	Digest     string      `json:"digest"`
	BadImage   string      `json:"bad_image"`
	Error      string      `json:"error"`
	Logins     [][2]string `json:"logins"`
}

// A child answers one case with files and plugins: Kubernetes keeps both in variables of the process.
const child = "KEYRING_CHILD"

func main() {
	if folder := os.Getenv(child); folder != "" {
		one(folder)
		return
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			check(out.Encode(answered(line)))
		}
		if err != nil {
			return
		}
	}
}

func answered(line []byte) any {
	var wanted testCase
	check(json.Unmarshal(line, &wanted))
	if len(wanted.Configs) == 0 && len(wanted.Legacy) == 0 && len(wanted.Providers) == 0 {
		return ask(wanted, credentialprovider.UnionDockerKeyring{})
	}
	folder, err := os.MkdirTemp("", "keyring-")
	check(err)
	defer os.RemoveAll(folder)
	for _, name := range []string{"root", "cwd", "home", "bin"} {
		check(os.MkdirAll(filepath.Join(folder, name, ".docker"), 0o700))
	}
	write(filepath.Join(folder, "case.json"), line, 0o600)
	command := exec.Command(os.Args[0])
	command.Dir = filepath.Join(folder, "cwd")
	command.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + filepath.Join(folder, "home"), child + "=" + folder}
	command.Stderr = os.Stderr
	said, err := command.Output()
	check(err)
	return json.RawMessage(said)
}

// The places of a kubelet, but for those below /: root-dir, working directory, home.
func one(folder string) {
	line, err := os.ReadFile(filepath.Join(folder, "case.json"))
	check(err)
	var wanted testCase
	check(json.Unmarshal(line, &wanted))
	for at, place := range []string{"root/config.json", "cwd/config.json", "home/.docker/config.json"} {
		if at < len(wanted.Configs) {
			write(filepath.Join(folder, place), wanted.Configs[at], 0o600)
		}
	}
	for at, place := range []string{"root/.dockercfg", "cwd/.dockercfg", "home/.dockercfg"} {
		if at < len(wanted.Legacy) {
			write(filepath.Join(folder, place), wanted.Legacy[at], 0o600)
		}
	}
	credentialprovider.SetPreferredDockercfgPath(filepath.Join(folder, "root"))
	check(json.NewEncoder(os.Stdout).Encode(ask(wanted, nodeKeyring(pluginConfig(folder, wanted.Providers), filepath.Join(folder, "bin")))))
}

// pluginConfig writes plugins that print their answer, and the kubelet's configuration of them.
func pluginConfig(folder string, providers []provider) string {
	if len(providers) == 0 {
		return ""
	}
	text := "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n"
	for _, one := range providers {
		text += fmt.Sprintf("- name: %s\n  apiVersion: credentialprovider.kubelet.k8s.io/v1\n  defaultCacheDuration: 0s\n  matchImages:\n", one.Name)
		for _, labels := range []string{"*", "*.*", "*.*.*", "*.*.*.*"} {
			text += fmt.Sprintf("  - %q\n  - %q\n  - %q\n", labels, labels+":443", labels+":5000")
		}
		said := fmt.Sprintf(`{"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1","cacheKeyType":"Registry","auth":%s}`, one.Auth)
		script := fmt.Sprintf("#!/bin/sh\necho '%s' | base64 -d\n", base64.StdEncoding.EncodeToString([]byte(said)))
		write(filepath.Join(folder, "bin", one.Name), []byte(script), 0o700)
	}
	path := filepath.Join(folder, "providers.yaml")
	write(path, []byte(text), 0o600)
	return path
}

func ask(wanted testCase, node credentialprovider.DockerKeyring) answer {
	repository, tag, digest, err := parsers.ParseImageName(wanted.Image)
	if err != nil {
		return answer{BadImage: err.Error()}
	}
	said := answer{Repository: repository, Tag: tag, Digest: digest, Logins: [][2]string{}}
	var found []v1.Secret
	for _, one := range wanted.Secrets {
		named := v1.Secret{Type: v1.SecretType(one.Type), Data: one.Data}
		named.Name, named.Namespace = one.Name, "default"
		found = append(found, named)
	}
	keyring, err := secrets.MakeDockerKeyring(found, node)
	if err != nil {
		said.Error = err.Error()
		return said
	}
	offered, _ := keyring.Lookup(repository)
	for _, login := range offered {
		said.Logins = append(said.Logins, [2]string{encoded(login.Username), encoded(login.Password)})
	}
	return said
}

// What was decoded need not be UTF-8, and JSON would mend it.
func encoded(text string) string {
	return base64.StdEncoding.EncodeToString([]byte(text))
}

func write(path string, content []byte, mode os.FileMode) {
	check(os.WriteFile(path, content, mode))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, strings.TrimSpace(err.Error()))
		os.Exit(1)
	}
}
