import fc from 'fast-check';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { PacketParser, PacketStream } from '../../../src/drivers/mqtt/packet-stream.ts';

/** The ids of the packets that come out of chunks. */
function idsOf(chunks: readonly Uint8Array[]): number[] {
  const [stream, parser, ids] = [new PacketStream(), new PacketParser(5), [] as number[]];
  for (const chunk of chunks) {
    parser.parse(stream.take(chunk), (packet: Packet) => ids.push(packet.messageId ?? -1));
  }
  return ids;
}

function publish(messageId: number, bytes: number): Uint8Array {
  const payload = 'x'.repeat(bytes);
  const packet: Packet = {
    cmd: 'publish',
    topic: 't',
    payload,
    qos: 1,
    dup: false,
    retain: false,
    messageId,
  };
  return mqttPacket.generate(packet, { protocolVersion: 5 });
}

describe('packets of MQTT', () => {
  it('come out whole and in order, wherever the frames are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(400), { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 200 }),
        (sizes, cuts) => {
          const all = Buffer.concat(sizes.map((size, index) => publish(index + 1, size)));
          const chunks: Uint8Array[] = [];
          for (let at = 0, cut = 0; at < all.length; cut += 1) {
            const end = at + (cuts[cut % cuts.length] ?? 1);
            chunks.push(new Uint8Array(all.subarray(at, end)));
            at = end;
          }
          expect(idsOf(chunks)).toEqual(sizes.map((_, index) => index + 1));
        },
      ),
    );
  });

  it('keep what is not complete apart from what another client receives', () => {
    const parser = new PacketParser(5);
    const [first, second] = [new PacketStream(), new PacketStream()];
    const ids: number[] = [];
    const take = (packet: Packet): void => void ids.push(packet.messageId ?? -1);
    const bytes = publish(7, 100);
    parser.parse(first.take(bytes.slice(0, 40)), take);
    parser.parse(second.take(publish(8, 5)), take);
    parser.parse(first.take(bytes.slice(40)), take);
    expect(ids).toEqual([8, 7]);
  });

  it.each<[string, readonly number[]]>([
    ['a length that does not end', [0x30, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ['a packet type that there is not', [0x00, 0x00]],
    ['flags that the type does not have', [0x4f, 0x02, 0x00, 0x01]],
  ])('are refused for %s, and the parser goes on with others', (_what, bytes) => {
    const parser = new PacketParser(5);
    const ids: number[] = [];
    expect(() =>
      parser.parse(new PacketStream().take(new Uint8Array(bytes)), () => {
        throw new Error('it is no packet');
      }),
    ).toThrow();
    parser.parse(new PacketStream().take(publish(3, 1)), (packet) => void ids.push(packet.messageId ?? -1));
    expect(ids).toEqual([3]);
  });
});
