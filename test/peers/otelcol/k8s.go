//go:build k8s

package main

import "github.com/open-telemetry/opentelemetry-collector-contrib/processor/k8sattributesprocessor"

func init() {
	processors = append(processors, k8sattributesprocessor.NewFactory())
}
