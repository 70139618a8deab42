import type { FrontEnd } from './FrontEnd';

/** Connection that the server closes, because it cannot read the first bytes. */
export class ClosingFrontEnd implements FrontEnd {
    readonly isBinary = false;
    /** @param minBytes number of bytes for which the server waits */
    constructor(private readonly minBytes: number) {}

    lengthOf(input: Buffer, at: number): number {
        const bytes = input.length - at;
        return bytes < this.minBytes ? 0 : bytes;
    }

    answer(): boolean {
        return false;
    }

    isNoticedTwice(): boolean {
        return false;
    }
}
