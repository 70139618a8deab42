import { wrap } from '../../src/cache/values/staleEnvelope';
import { withLeaseMark } from '../../src/cache/values/loadMarks';
import { Item } from '../../src/client/model/Item';

/** A key on a fake memcached that records its reads and the writes of a lease. */
export class LeasedKey {
    item = Item.MISS;
    readonly reads: number[] = [];
    readonly leases: { atMs: number; expires: number }[] = [];
    isAway = false;
    private cas = 0;

    /** The fake of `engine.commands.internal`. */
    readonly commands = {
        gets: async () => {
            this.reads.push(performance.now());
            if (this.isAway) throw new Error('unavailable');
            return this.item;
        },
        cluster: { server: () => ({ epoch: 1 }) },
        casAdd: async (_key: string, value: Buffer, options: { expires: number; flags: number }) => {
            if (this.item.value !== null) return null;
            this.write(value, options);
            return this.item.cas;
        },
        casSet: async (_key: string, value: Buffer, cas: bigint, options: { expires: number; flags: number }) => {
            if (this.item.cas !== cas) return { outcome: 'changed' };
            this.write(value, options);
            return { outcome: 'stored', cas: this.item.cas };
        },
        casDelete: async () => {
            this.item = Item.MISS;
            return 'deleted';
        },
    };

    /** Writes a lease as another process does when it takes or renews a lease. */
    lease(before = Item.MISS): void {
        const { value, flags } = withLeaseMark(before, 1);
        this.item = new Item(value, flags, 0, ++this.cas);
    }

    /** Stores a stale value that the server keeps for `keptMs`. */
    keep(text: string, keptMs: number): void {
        const { value, flags } = wrap({ value: text, flags: 0 }, Date.now() - 1, Date.now() + keptMs);
        this.item = new Item(value as Buffer, flags, 0, ++this.cas);
    }

    store(text: string): void {
        this.item = new Item(Buffer.from(text), 0, 0, ++this.cas);
    }

    private write(value: Buffer, { expires, flags }: { expires: number; flags: number }): void {
        this.item = new Item(value, flags, 0, ++this.cas);
        this.leases.push({ atMs: performance.now(), expires });
    }
}
