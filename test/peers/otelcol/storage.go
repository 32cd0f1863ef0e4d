//go:build storage

package main

import (
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"go.opentelemetry.io/collector/extension"
)

func init() {
	extensions = []extension.Factory{filestorage.NewFactory()}
}
