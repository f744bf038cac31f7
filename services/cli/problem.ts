import { z } from 'zod';
import type { Terminal } from './output/terminal.ts';
import { shown, wrap } from './output/text.ts';

/** application/problem+json as the API answers (RFC 9457); whatever is not that is told by its status. */
const problemSchema = z.object({
  title: z.string(),
  detail: z.string().optional(),
  errors: z
    .array(
      z.object({
        field: z.string().optional(),
        header: z.string().optional(),
        parameter: z.string().optional(),
        message: z.string(),
      }),
    )
    .optional(),
});

/** An answer that is not the one asked for, as lines for people: what, why, and the place of each mistake. */
export function problemLines(terminal: Terminal, status: number, body: unknown): string[] {
  const parsed = problemSchema.safeParse(body);
  if (!parsed.success) return [`The API answered ${status}, with nothing that it would say.`];
  const { title, detail, errors = [] } = parsed.data;
  const width = terminal.columns;
  return [
    shown(`${title} (${status}).`),
    ...(detail === undefined ? [] : wrap(shown(detail), width, { indent: '  ' })),
    ...errors.flatMap((error) =>
      wrap(shown(`${placeOf(error)}: ${error.message}`), width, { indent: '  - ', hang: '    ' }),
    ),
  ];
}

function placeOf(error: {
  field?: string | undefined;
  header?: string | undefined;
  parameter?: string | undefined;
}): string {
  if (error.header !== undefined) return `header ${error.header}`;
  if (error.parameter !== undefined) return `parameter ${error.parameter}`;
  return error.field === undefined || error.field === '' ? 'the body' : error.field;
}
