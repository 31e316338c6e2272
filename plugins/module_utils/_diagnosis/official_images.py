# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of Docker's official images (the files of github.com/docker-library/official-images, folder library/)."""

from __future__ import annotations

_NAMES = """
    adminer aerospike almalinux alpine amazoncorretto amazonlinux api-firewall arangodb archlinux
    backdrop bash bonita buildpack-deps busybox caddy cassandra chronograf cirros clearlinux clefos
    clickhouse clojure composer consul convertigo couchbase couchdb crate dart debian docker dragonfly
    drupal eclipse-mosquitto eclipse-temurin eggdrop elasticsearch elixir emqx erlang fedora flink
    fluentd friendica gazebo gcc geonetwork ghost golang gradle groovy haproxy haskell haxe hello-world
    hitch hylang ibm-semeru-runtimes ibmjava influxdb irssi jetty jobber joomla jruby julia kapacitor
    kibana kong krakend lightstreamer liquibase logstash mageia mariadb matomo maven mediawiki memcached
    mongo mongo-express monica mono mysql nats nats-streaming neo4j neurodebian nextcloud nginx node
    notary odoo open-liberty openjdk oraclelinux orientdb percona perl photon php php-zendserver
    phpmyadmin plone postfixadmin postgres pypy python r-base rabbitmq rakudo-star redis redmine
    registry rethinkdb rocket.chat rockylinux ros ruby rust sapmachine satosa scratch silverpeas sl solr
    sonarqube spark spiped storm swift swipl teamspeak telegraf thrift tomcat tomee traefik ubuntu unit
    valkey varnish vault websphere-liberty wordpress xwiki yourls znc zookeeper
"""
OFFICIAL_IMAGES: frozenset[str] = frozenset(_NAMES.split())
