import { z } from 'zod';

/** Any object of the API server, as it comes. */
export interface KubeObject extends Readonly<Record<string, unknown>> {
  readonly metadata: ObjectMetadata;
}

const metadataSchema = z.object({
  name: z.string().default(''),
  namespace: z.string().default(''),
  uid: z.string().default(''),
  resourceVersion: z.string().optional(),
  generation: z.number().default(0),
  creationTimestamp: z.string().default(''),
});
export type ObjectMetadata = z.infer<typeof metadataSchema>;

const objectSchema = z.object({ metadata: metadataSchema });

/** Undefined: this is no object of an API server. */
export function metadataOf(object: unknown): ObjectMetadata | undefined {
  const parsed = objectSchema.safeParse(object);
  return parsed.success ? parsed.data.metadata : undefined;
}

/** `namespace/name`, or the name of what has no namespace. */
export function keyOf({ metadata: { namespace, name } }: KubeObject): string {
  return namespace ? `${namespace}/${name}` : name;
}
