import { ComponentLogger } from '../../src/component/ComponentLogger';
import { ServerLog } from '../../src/connect/ServerLog';
import { RecordingLogger } from '../support/RecordingLogger';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function create() {
    const logger = new RecordingLogger();
    const log = new ComponentLogger();
    log.setReferences(logger.references());
    return { logger, servers: new ServerLog(log, 'trace') };
}

const down = (address: string, why = 'cut') => `warn memcached at ${address} is down: ${why}`;
const up = (address: string) => `info memcached at ${address} is up again`;
const fault = new Error('cut');

describe('ServerLog', () => {
    it('logs each change of a server that restarts now and then', () => {
        const { logger, servers } = create();
        const said: string[] = [];
        for (let i = 0; i < 5; i++) {
            servers.onDown('a:1', fault);
            servers.onUp('a:1');
            said.push(down('a:1'), up('a:1'));
            jest.advanceTimersByTime(30_000);
        }
        expect(logger.lines).toEqual(said);
        expect(logger.contexts).toEqual(said.map(() => 'trace'));
    });

    it('logs four changes of a flapping server, then after a minute the number of further changes and its state', () => {
        const { logger, servers } = create();
        for (let i = 0; i < 100; i++) {
            servers.onDown('a:1', fault);
            servers.onUp('a:1');
        }
        servers.onDown('a:1', new Error('gone'));
        servers.onDown('b:1', fault);
        expect(logger.lines).toEqual([down('a:1'), up('a:1'), down('a:1'), up('a:1'), down('b:1')]);
        jest.advanceTimersByTime(60_000);
        const flaps = 'warn memcached at a:1 flaps: 197 more changes within a minute';
        expect(logger.lines.slice(5)).toEqual([flaps, down('a:1', 'gone')]);
        jest.advanceTimersByTime(600_000);
        expect(logger.lines).toHaveLength(7);
    });

    it('logs nothing after it is stopped, and leaves no timer', () => {
        const { logger, servers } = create();
        for (let i = 0; i < 9; i++) servers.onDown('a:1', fault);
        servers.stop();
        expect(jest.getTimerCount()).toBe(0);
        jest.advanceTimersByTime(60_000);
        expect(logger.lines).toHaveLength(4);
    });
});
