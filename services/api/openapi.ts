import type { Registry } from '../transactions/registry.ts';
import type { ProblemCode } from './problems.ts';
import { PROBLEMS, PROBLEM_MEDIA_TYPE } from './problems.ts';
import { PROBLEM_SCHEMA, submissionSchema } from './schemas.ts';

/** What the OpenAPI document says about one route. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly object[];
  readonly requestBody?: object;
  /** Answers without an error, by status. */
  readonly answers: Readonly<Record<number, object>>;
  /** Problems besides those that every route can answer with. */
  readonly problems: readonly ProblemCode[];
}

export interface DocumentedRoute {
  readonly method: 'get' | 'post';
  /** In the router's syntax, `:name` for a parameter. */
  readonly path: string;
  readonly operation: Operation | undefined;
}

const EVERYWHERE: readonly ProblemCode[] = ['bad-http', 'headers-too-large', 'internal', 'store-unavailable'];

const TAG = { name: 'transactions', description: 'Submitted by anybody, changed by the pipeline only' };

/** The OpenAPI 3.1 document, made of the schemas that requests are validated by. */
export function openApiDocument(
  routes: readonly DocumentedRoute[],
  registry: Registry,
  version: string,
): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path, operation } of routes) {
    if (!operation) continue;
    const template = path.replaceAll(/:(\w+)/g, '{$1}');
    paths[template] = { ...paths[template], [method]: { tags: [TAG.name], ...operationObject(operation) } };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version,
      summary: 'Submit transactions, and ask what became of them',
      description:
        'Bodies are JSON in UTF-8. Of members with equal names the last counts; `__proto__`, U+0000, halves of ' +
        'surrogate pairs and integers beyond 2^53 - 1 are refused, as are members that the schema does not name. ' +
        'Errors are application/problem+json (RFC 9457) and list every mistake at once.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [TAG],
    paths,
    components: { schemas: { Problem: PROBLEM_SCHEMA, Submission: documentedSubmission(registry) } },
  };
}

/** The schema of a submission as it is for each transaction type: the envelope with that type's payload in it. */
function documentedSubmission(registry: Registry): object {
  const branches = registry.types.map(({ name, payloadSchema, example }) => {
    const envelope = submissionSchema([name]);
    return {
      ...envelope,
      title: name,
      properties: { ...envelope.properties, payload: payloadSchema },
      examples: [{ type: name, payload: example }],
    };
  });
  return branches.length === 1 ? branches[0]! : { oneOf: branches };
}

function operationObject({ answers, problems, ...rest }: Operation): object {
  return { ...rest, responses: { ...answers, ...problemResponses([...problems, ...EVERYWHERE]) } };
}

function problemResponses(codes: readonly ProblemCode[]): Record<string, object> {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      status,
      {
        description: same.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
        headers: status === 503 ? RETRY_AFTER : {},
        content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

const RETRY_AFTER = { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' } } };
