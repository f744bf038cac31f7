{{- /* What no schema can say: combinations that cannot work. All of them are named at once, each by its keys. */}}
{{- define "sluice.validate" -}}
{{- $v := .Values }}
{{- $wrong := list }}
{{- if and $v.kafka.enabled $v.external.kafka.brokers }}
{{- $wrong = append $wrong "kafka.enabled and external.kafka.brokers are both set: set kafka.enabled=false to use your own brokers" }}
{{- end }}
{{- if and (not $v.kafka.enabled) (not $v.external.kafka.brokers) }}
{{- $wrong = append $wrong "external.kafka.brokers is empty: name your brokers as host:port, or set kafka.enabled=true" }}
{{- end }}
{{- if and $v.kafka.enabled (or $v.external.kafka.tls.enabled $v.external.kafka.sasl.mechanism) }}
{{- $wrong = append $wrong "external.kafka.tls and external.kafka.sasl are for your own brokers: set kafka.enabled=false" }}
{{- end }}
{{- with $v.external.kafka }}
{{- if and .sasl.mechanism (not (and .sasl.username .sasl.password.secret)) }}
{{- $wrong = append $wrong (printf "external.kafka.sasl.mechanism is %s: it needs external.kafka.sasl.username and external.kafka.sasl.password.secret" .sasl.mechanism) }}
{{- end }}
{{- if and (not .sasl.mechanism) (or .sasl.username .sasl.password.secret) }}
{{- $wrong = append $wrong "external.kafka.sasl.mechanism is empty: external.kafka.sasl.username and .password need one" }}
{{- end }}
{{- if and (not .tls.enabled) (or .tls.ca.secret .tls.client.secret) }}
{{- $wrong = append $wrong "external.kafka.tls.enabled is false: external.kafka.tls.ca and .client need it" }}
{{- end }}
{{- end }}
{{- if and $v.postgres.enabled $v.external.postgres.url.secret }}
{{- $wrong = append $wrong "postgres.enabled and external.postgres.url.secret are both set: set postgres.enabled=false to use your own database" }}
{{- end }}
{{- if and (not $v.postgres.enabled) (not $v.external.postgres.url.secret) }}
{{- $wrong = append $wrong "external.postgres.url.secret is empty: name the Secret with the URL of your database, or set postgres.enabled=true" }}
{{- end }}
{{- if and $v.external.postgres.tls.ca.secret (not $v.external.postgres.tls.mode) }}
{{- $wrong = append $wrong "external.postgres.tls.mode is empty: external.postgres.tls.ca.secret needs one, such as verify-full" }}
{{- end }}
{{- if and $v.postgres.auth.password $v.postgres.auth.existingSecret }}
{{- $wrong = append $wrong "postgres.auth.password and postgres.auth.existingSecret are both set: set one of them" }}
{{- end }}
{{- if and $v.remoteSimulator.enabled $v.remote.url }}
{{- $wrong = append $wrong "remoteSimulator.enabled and remote.url are both set: set remoteSimulator.enabled=false to call your own remote system" }}
{{- end }}
{{- if and (not $v.remoteSimulator.enabled) (not $v.remote.url) }}
{{- $wrong = append $wrong "remote.url is empty: name your remote system, or set remoteSimulator.enabled=true" }}
{{- end }}
{{- if and $v.jaeger.enabled $v.tracing.endpoint }}
{{- $wrong = append $wrong "jaeger.enabled and tracing.endpoint are both set: traces go to one of them" }}
{{- end }}
{{- if and $v.collector.enabled (not (or $v.jaeger.enabled $v.tracing.endpoint)) }}
{{- $wrong = append $wrong "collector.enabled is true, but it has nowhere to send to: set tracing.endpoint or jaeger.enabled=true" }}
{{- end }}
{{- if and $v.metrics.podMonitor.enabled $v.metrics.serviceMonitor.enabled }}
{{- $wrong = append $wrong "metrics.podMonitor.enabled and metrics.serviceMonitor.enabled are both true: everything would be counted twice" }}
{{- end }}
{{- if not (compact (values $v.pipeline.types)) }}
{{- $wrong = append $wrong "pipeline.types is empty: name one type of transaction at least" }}
{{- end }}
{{- if ge (float64 $v.operator.readTimeoutSeconds) (float64 $v.operator.tickSeconds) }}
{{- $wrong = append $wrong "operator.readTimeoutSeconds must be below operator.tickSeconds" }}
{{- end }}
{{- if hasKey $v.operator.extraConnections "default" }}
{{- $wrong = append $wrong "operator.extraConnections.default is the pipeline's own Kafka: choose another name" }}
{{- end }}
{{- $scaled := false }}
{{- range $stage, $own := $v.stages }}
{{- $scaler := (mergeOverwrite (deepCopy $v.stageDefaults) (deepCopy $own)).scaler }}
{{- if $scaler.enabled }}
{{- $scaled = true }}
{{- if gt (int $scaler.minReplicas) (int $scaler.maxReplicas) }}
{{- $wrong = append $wrong (printf "stages.%s.scaler.minReplicas (%v) is above stages.%s.scaler.maxReplicas (%v)" $stage $scaler.minReplicas $stage $scaler.maxReplicas) }}
{{- end }}
{{- if gt (int $scaler.fallback.replicas) (int $scaler.maxReplicas) }}
{{- $wrong = append $wrong (printf "stages.%s.scaler.fallback.replicas (%v) is above stages.%s.scaler.maxReplicas (%v)" $stage $scaler.fallback.replicas $stage $scaler.maxReplicas) }}
{{- end }}
{{- if gt (int $scaler.maxReplicas) (int $v.pipeline.partitions) }}
{{- $wrong = append $wrong (printf "stages.%s.scaler.maxReplicas (%v) is above pipeline.partitions (%v): replicas beyond the partitions would have nothing to do" $stage $scaler.maxReplicas $v.pipeline.partitions) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and $scaled (not $v.crds.enabled) (not (.Capabilities.APIVersions.Has "sluice.dev/v1alpha1/StageScaler")) }}
{{- $wrong = append $wrong "crds.enabled is false and the cluster does not know StageScaler: install the definition, or set stageDefaults.scaler.enabled=false" }}
{{- end }}
{{- $wrong = concat $wrong (include "sluice.definitionOfOthers" . | fromJsonArray) }}
{{- if $wrong }}
{{- fail (printf "\n\nThe values cannot work together:\n  - %s\n" (join "\n  - " $wrong)) }}
{{- end }}
{{- end }}

{{- /* There is one definition of StageScaler in a cluster; that of another release is none of this one's. */}}
{{- define "sluice.definitionOfOthers" -}}
{{- $name := "stagescalers.sluice.dev" }}
{{- $found := .Values.crds.enabled | ternary (lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" $name) dict }}
{{- $owner := dig "metadata" "annotations" dict $found }}
{{- $release := index $owner "meta.helm.sh/release-name" | default "" }}
{{- $namespace := index $owner "meta.helm.sh/release-namespace" | default "" }}
{{- if and $found (or (ne $release .Release.Name) (ne $namespace .Release.Namespace)) }}
{{- $whose := (ne $release "") | ternary (printf "belongs to release %s in namespace %s" $release $namespace) "was not made by a release" }}
{{- $hand := printf "kubectl annotate --overwrite crd %s meta.helm.sh/release-name=%s meta.helm.sh/release-namespace=%s" $name .Release.Name .Release.Namespace }}
{{- $mark := printf "kubectl label --overwrite crd %s app.kubernetes.io/managed-by=Helm" $name }}
{{- list (printf "crds.enabled is true, but the definition of StageScaler %s: set crds.enabled=false to use it as it is, or make it this release's own: %s; %s" $whose $hand $mark) | toJson }}
{{- else }}
{{- list | toJson }}
{{- end }}
{{- end }}
