import { NoopCall } from '../../../src/client/calls/serverCalls';
import { ChannelLoad, LARGE_BYTES } from '../../../src/client/channel/ChannelLoad';

const KIB = 1024;

describe('ChannelLoad', () => {
    it('weighs a call by its sent bytes and the size of recent small replies', () => {
        const load = new ChannelLoad();
        const call = new NoopCall();
        load.add(call, 50);
        expect(load.bytes).toBe(150);
        load.remove(call);
        expect(load.bytes).toBe(0);
        for (let chunk = 0; chunk < 100; chunk++) {
            load.recordReply(1000);
            load.recordReply(LARGE_BYTES);
            load.updateAverage();
        }
        load.add(call, 0);
        expect(load.bytes).toBeGreaterThan(950);
        expect(load.bytes).toBeLessThanOrEqual(1000);
    });

    it('is high beyond 256 KiB, or while a large value is in flight, and full at 1 MiB', () => {
        const load = new ChannelLoad();
        const [sent, large] = [new NoopCall(), new NoopCall()];
        load.add(sent, 256 * KIB - 100);
        expect([load.isHigh, load.isFull]).toEqual([false, false]);
        load.expect(sent, 256 * KIB);
        expect(load.isHigh).toBe(false);
        load.expect(sent, 1024 * KIB);
        expect([load.isHigh, load.isFull]).toEqual([true, true]);
        load.remove(sent);
        expect(load.bytes).toBe(0);
        large.largeBytes = LARGE_BYTES;
        load.add(large, 0);
        expect([load.bytes, load.isHigh]).toEqual([LARGE_BYTES + 100, true]);
        load.remove(large);
        expect([load.bytes, load.isHigh]).toEqual([0, false]);
    });
});
