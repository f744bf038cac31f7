/** Reads OTLP as Protocol Buffers into what the JSON encoding of OTLP has, as far as spans go. */

type Kind = 'text' | 'hex' | 'varint' | 'fixed32' | 'fixed64' | 'double' | 'bool' | Message;
interface Field {
  readonly name: string;
  readonly kind: Kind;
  readonly repeated?: true;
}
type Message = { readonly [field: number]: Field };

/** By field number: opentelemetry/proto/{common,resource,trace}/v1. */
const ANY_VALUE: Record<number, Field> = {
  1: { name: 'stringValue', kind: 'text' },
  2: { name: 'boolValue', kind: 'bool' },
  3: { name: 'intValue', kind: 'varint' },
  4: { name: 'doubleValue', kind: 'double' },
};
ANY_VALUE[5] = { name: 'arrayValue', kind: { 1: { name: 'values', kind: ANY_VALUE, repeated: true } } };
const KEY_VALUE: Message = { 1: { name: 'key', kind: 'text' }, 2: { name: 'value', kind: ANY_VALUE } };
const attributes: Field = { name: 'attributes', kind: KEY_VALUE, repeated: true };
const SPAN: Message = {
  1: { name: 'traceId', kind: 'hex' },
  2: { name: 'spanId', kind: 'hex' },
  3: { name: 'traceState', kind: 'text' },
  4: { name: 'parentSpanId', kind: 'hex' },
  5: { name: 'name', kind: 'text' },
  6: { name: 'kind', kind: 'varint' },
  7: { name: 'startTimeUnixNano', kind: 'fixed64' },
  8: { name: 'endTimeUnixNano', kind: 'fixed64' },
  9: attributes,
  10: { name: 'droppedAttributesCount', kind: 'varint' },
  11: {
    name: 'events',
    kind: {
      1: { name: 'timeUnixNano', kind: 'fixed64' },
      2: { name: 'name', kind: 'text' },
      3: attributes,
      4: { name: 'droppedAttributesCount', kind: 'varint' },
    },
    repeated: true,
  },
  12: { name: 'droppedEventsCount', kind: 'varint' },
  13: {
    name: 'links',
    kind: {
      1: { name: 'traceId', kind: 'hex' },
      2: { name: 'spanId', kind: 'hex' },
      3: { name: 'traceState', kind: 'text' },
      4: attributes,
      5: { name: 'droppedAttributesCount', kind: 'varint' },
      6: { name: 'flags', kind: 'fixed32' },
    },
    repeated: true,
  },
  14: { name: 'droppedLinksCount', kind: 'varint' },
  15: {
    name: 'status',
    kind: { 2: { name: 'message', kind: 'text' }, 3: { name: 'code', kind: 'varint' } },
  },
  16: { name: 'flags', kind: 'fixed32' },
};
const SCOPE: Message = { 1: { name: 'name', kind: 'text' }, 2: { name: 'version', kind: 'text' } };
const RESOURCE: Message = { 1: attributes, 2: { name: 'droppedAttributesCount', kind: 'varint' } };
const REQUEST: Message = {
  1: {
    name: 'resourceSpans',
    kind: {
      1: { name: 'resource', kind: RESOURCE },
      2: {
        name: 'scopeSpans',
        kind: { 1: { name: 'scope', kind: SCOPE }, 2: { name: 'spans', kind: SPAN, repeated: true } },
        repeated: true,
      },
    },
    repeated: true,
  },
};

/** @throws Error on a field that it does not know, RangeError on a request that breaks off */
export function readExportRequest(bytes: Buffer): unknown {
  return readMessage(bytes, REQUEST);
}

function readMessage(bytes: Buffer, message: Message): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const reader = new Reader(bytes);
  while (!reader.ended) {
    const field = message[Number(reader.varint() >> 3n)];
    if (!field) throw new Error('A field that is not known.');
    const value = reader.value(field.kind);
    if (field.repeated) ((found[field.name] ??= []) as unknown[]).push(value);
    else found[field.name] = value;
  }
  return found;
}

class Reader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get ended(): boolean {
    return this.at >= this.bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.bytes.readUInt8(this.at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  value(kind: Kind): unknown {
    if (kind === 'varint') return Number(BigInt.asIntN(64, this.varint()));
    if (kind === 'bool') return this.varint() === 1n;
    if (kind === 'fixed32') return this.next(4).readUInt32LE();
    if (kind === 'fixed64') return this.next(8).readBigUInt64LE().toString();
    if (kind === 'double') return this.next(8).readDoubleLE();
    const content = this.next(Number(this.varint()));
    if (kind === 'text') return content.toString();
    return kind === 'hex' ? content.toString('hex') : readMessage(content, kind);
  }

  private next(size: number): Buffer {
    const end = this.at + size;
    if (end > this.bytes.length) throw new RangeError('The request breaks off.');
    const content = this.bytes.subarray(this.at, end);
    this.at = end;
    return content;
  }
}
