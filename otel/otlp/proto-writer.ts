const FIRST_BYTES = 65_536;
/** No field other than a string is longer: a tag of two bytes, and a varint of ten. */
const FIELD_MAX = 16;
/** What one character can take at the most as UTF-8. */
const UTF8_MAX = 3;

/** Values of the hexadecimal digits by their character code. */
const HEX = new Uint8Array(128);
for (let digit = 0; digit < 16; digit++) HEX[digit.toString(16).charCodeAt(0)] = digit;

/**
 * Writes Protocol Buffers, as much of them as spans need, into one buffer that grows and is used again: nothing is
 * left on the heap. Encoding: https://protobuf.dev/programming-guides/encoding/
 */
export class ProtoWriter {
  private bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  private at = 0;

  get length(): number {
    return this.at;
  }

  /** Of a field of the kinds int, uint, bool or enum; -2^63 <= value < 2^63, an integer. */
  integer(field: number, value: number): void {
    this.tag(field, 0);
    if (value >= 0 && value < 2 ** 31) this.varint(value);
    else this.varint64(value);
  }

  double(field: number, value: number): void {
    this.tag(field, 1);
    this.at = this.bytes.writeDoubleLE(value, this.at);
  }

  /** 0 <= value < 2^32. */
  fixed32(field: number, value: number): void {
    this.tag(field, 5);
    this.word(value);
  }

  /** A time as nanoseconds, in 64 bits: more than a number holds exactly. */
  nanoseconds(field: number, [seconds, nanos]: readonly [number, number]): void {
    this.tag(field, 1);
    // In steps of 2^16: each product stays below 2^53.
    const high = Math.floor(seconds / 65_536) * 1e9;
    const low = (high % 65_536) * 65_536 + (seconds % 65_536) * 1e9 + nanos;
    this.word(low);
    this.word(Math.floor(high / 65_536) + Math.floor(low / 2 ** 32));
  }

  string(field: number, text: string): void {
    this.tag(field, 2);
    const { length } = text;
    this.room(length * UTF8_MAX + FIELD_MAX);
    if (length < 128 && this.ascii(text)) return;
    const size = Buffer.byteLength(text);
    this.varint(size);
    this.at += this.bytes.write(text, this.at, 'utf8');
  }

  /** Bytes that are given as hexadecimal digits, lower case. */
  hex(field: number, digits: string): void {
    this.tag(field, 2);
    const { bytes } = this;
    bytes[this.at++] = digits.length / 2;
    for (let i = 0; i < digits.length; i += 2)
      bytes[this.at++] = (HEX[digits.charCodeAt(i)]! << 4) | HEX[digits.charCodeAt(i + 1)]!;
  }

  /** Moves here what another has written. */
  append(other: ProtoWriter): void {
    this.room(other.at + FIELD_MAX);
    this.bytes.set(other.bytes.subarray(0, other.at), this.at);
    this.at += other.at;
    other.at = 0;
  }

  /** Begins a message within this one; what is returned is for `end`. */
  begin(field: number): number {
    this.tag(field, 2);
    return ++this.at;
  }

  end(start: number): void {
    const size = this.at - start;
    if (size < 128) {
      this.bytes[start - 1] = size;
      return;
    }
    // Its length takes more than the one byte that was left for it.
    const more = size < 16_384 ? 1 : size < 2_097_152 ? 2 : 3;
    this.room(FIELD_MAX);
    this.bytes.copyWithin(start + more, start, this.at);
    this.at = start - 1;
    this.varint(size);
    this.at += size;
  }

  /** A copy of what has been written; after it the writer is empty. */
  take(): Uint8Array {
    const taken = Uint8Array.prototype.slice.call(this.bytes, 0, this.at);
    this.at = 0;
    return taken;
  }

  /** Makes room for the whole field, a string's characters apart. */
  private tag(field: number, wireType: number): void {
    this.room(FIELD_MAX);
    this.varint((field << 3) | wireType);
  }

  private room(size: number): void {
    const needed = this.at + size;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = grown;
  }

  /** The length and the characters; undone, and false, where one of them is not ASCII. */
  private ascii(text: string): boolean {
    const { bytes } = this;
    let { at } = this;
    bytes[at++] = text.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return false;
      bytes[at++] = code;
    }
    this.at = at;
    return true;
  }

  private varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.bytes[this.at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
  }

  /** Negative numbers as two's complement. */
  private varint64(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      this.bytes[this.at++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.bytes[this.at++] = Number(rest);
  }

  private word(value: number): void {
    const { bytes } = this;
    bytes[this.at++] = value;
    bytes[this.at++] = value >>> 8;
    bytes[this.at++] = value >>> 16;
    bytes[this.at++] = value >>> 24;
  }
}
