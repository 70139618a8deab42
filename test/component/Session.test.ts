import { Session } from '../../src/component/Session';
import { codeOf } from '../support/codeOf';

describe('Session', () => {
    it('is over as soon as a caller calls end', async () => {
        const session = new Session();
        session.check();
        const ended = session.end();
        expect(session.isOver).toBe(true);
        expect(() => session.check()).toThrow(expect.objectContaining({ code: 'NOT_OPENED' }));
        await ended;
    });

    it('ends when the last call leaves, even a call that enters after the end', async () => {
        const session = new Session();
        const settled: string[] = [];
        session.enter();
        const ended = session.end().then(() => settled.push('end'));
        session.enter();
        session.leave();
        await Promise.resolve();
        settled.push('call');
        session.leave();
        await ended;
        expect(settled).toEqual(['call', 'end']);
        await session.end();
    });

    it('does not end when calls leave before the end', async () => {
        const session = new Session();
        session.enter();
        session.leave();
        session.enter();
        const ended = codeOf(session.end());
        expect(await Promise.race([ended, Promise.resolve('waits')])).toBe('waits');
        session.leave();
        expect(await ended).toBe('answered undefined');
    });

    it('wakes paused calls, and allows no pause after its end', async () => {
        const session = new Session();
        const pausing = session.pause(1e6);
        await session.end();
        await pausing;
        await session.pause(1e6);
    });
});
