import type { Protocol } from '../Protocol';
import { ExpectedReplies } from './ExpectedReplies';
import { MetaDecoder } from './MetaDecoder';
import { MetaWriter } from './MetaWriter';

export const metaProtocol: Protocol = {
    name: 'meta',
    minVersion: [1, 6, 18],
    canBeProxied: true,
    firstOpaque: 0,
    open: onReply => {
        const expected = new ExpectedReplies();
        return { writer: new MetaWriter(expected), decoder: new MetaDecoder(expected, onReply) };
    },
};
