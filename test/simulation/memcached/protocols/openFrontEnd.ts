import { HEADER_BYTES, REQUEST_MAGIC } from '../../../../src/client/protocol/binary/constants';
import { BinaryFrontEnd } from './BinaryFrontEnd';
import { ClosingFrontEnd } from './ClosingFrontEnd';
import type { BackEnd, FrontEnd } from './FrontEnd';
import { TextFrontEnd } from './TextFrontEnd';

/** Chooses the protocol of a connection by its first byte, as memcached does. */
export function openFrontEnd(server: BackEnd, client: string, firstByte: number): FrontEnd {
    const isBinary = firstByte === REQUEST_MAGIC;
    switch (server.variant.speaks) {
        case 'both':
            return isBinary ? new BinaryFrontEnd(server, client) : new TextFrontEnd(server, client);
        case 'binary':
            return isBinary ? new BinaryFrontEnd(server, client) : new ClosingFrontEnd(HEADER_BYTES);
        case 'text':
            return new TextFrontEnd(server, client);
        case 'proxy':
            return isBinary ? new ClosingFrontEnd(1) : new TextFrontEnd(server, client);
    }
}
