import type { Images } from './ensure-images.ts';

/** An image as the chart's values name it. */
export interface ImageValue {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/** The value for a reference `[registry/]repository[:tag][@digest]`; a registry's name has a dot or a port, or is localhost. */
export function imageValue(reference: string): ImageValue {
  const [name = '', digest = ''] = reference.split('@');
  const tag = /:([^/:]+)$/.exec(name)?.[1] ?? '';
  const path = tag === '' ? name : name.slice(0, -tag.length - 1);
  const registry = /^(localhost|[^/]*[.:][^/]*)\//.exec(path)?.[1] ?? '';
  return { registry, repository: registry === '' ? path : path.slice(registry.length + 1), tag, digest };
}

/** Key of the chart's values under which an image is set, by what is set there. */
const IMAGE_OF: Readonly<Record<string, string>> = {
  kafka: 'kafka',
  postgres: 'postgres',
  jaeger: 'jaeger',
  // Jaeger is an OpenTelemetry collector with more in it.
  collector: 'jaeger',
  load: 'k6',
};

/** Values of the chart that name the images of a node of our own in place of the public ones, and nothing else. */
export function helmValues(images: Images): Readonly<Record<string, unknown>> {
  const own = images['sluice'];
  const others = Object.entries(IMAGE_OF).flatMap(([key, name]) => {
    const found = images[name];
    return found ? [[key, { image: imageValue(found.reference) }] as const] : [];
  });
  return { ...(own ? { image: imageValue(own.reference) } : {}), ...Object.fromEntries(others) };
}
