import { copyText } from '../../util/copyText';

const MAX_KEYS = 1000;

/** From here on a value takes long enough on the wire that nothing small should wait behind it. */
export const LARGE_BYTES = 64 * 1024;

/** The keys that were last answered with a large value, and how large: the best guess of what they will be answered with next. */
export class LargeReplies {
    private readonly sizes = new Map<string, number>();

    /** Something is known of any key. */
    get isKnown(): boolean {
        return this.sizes.size > 0;
    }

    /** 0: nothing large is known of it. */
    expectedBytes(key: string): number {
        return this.sizes.size === 0 ? 0 : (this.sizes.get(key) ?? 0);
    }

    remember(key: string, bytes: number): void {
        // A call about many keys: what one of them holds says nothing of the next such call.
        if (key === '') return;
        if (bytes < LARGE_BYTES) {
            if (this.sizes.size > 0) this.sizes.delete(key);
            return;
        }
        if (this.sizes.has(key)) {
            this.sizes.set(key, bytes);
            return;
        }
        if (this.sizes.size === MAX_KEYS) {
            const [oldest] = this.sizes.keys();
            this.sizes.delete(oldest!);
        }
        this.sizes.set(copyText(key), bytes);
    }
}
