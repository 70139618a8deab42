import { Descriptor, References } from 'pip-services4-components-node';
import { ComponentCounters } from '../../src/component/ComponentCounters';
import { FailingCounters, RecordingCounters } from '../support/RecordingCounters';

const counts = { 'memcached.cache.loads': 1, 'memcached.cache.hits': 5 };
const values = { 'memcached.cache.load_time': [12] };

function withReferences(...counters: RecordingCounters[]): ComponentCounters {
    const component = new ComponentCounters();
    component.setReferences(References.fromTuples(...counters.flatMap(one => one.tuple)));
    return component;
}

function useAll(counters: ComponentCounters): void {
    counters.increment('memcached.cache.loads', 1);
    counters.increment('memcached.cache.hits', 5);
    counters.stats('memcached.cache.load_time', 12);
}

it('passes every number to all referenced counters', () => {
    const all = [new RecordingCounters(), new RecordingCounters()];
    const component = withReferences(...all);
    expect(component.isUsed).toBe(true);
    useAll(component);
    for (const recording of all) expect(recording).toEqual({ counts, values });
});

it('does nothing without counters, or after unsetReferences', () => {
    const component = withReferences();
    expect(component.isUsed).toBe(false);
    useAll(component);
    const recording = new RecordingCounters();
    component.setReferences(References.fromTuples(...recording.tuple));
    component.unsetReferences();
    useAll(component);
    expect(recording.counts).toEqual({});
});

it('ignores counters that throw or reject, and calls the counters after them', async () => {
    const recording = new RecordingCounters();
    useAll(withReferences(new FailingCounters(), recording, new FailingCounters()));
    // Node would report an unhandled rejection in this turn.
    await new Promise(setImmediate);
    expect(recording.counts).toEqual(counts);
});

it('ignores counters of another version', () => {
    const recording = new RecordingCounters();
    const component = new ComponentCounters();
    component.setReferences(
        References.fromTuples(new Descriptor('test', 'counters', 'recording', 'default', '2.0'), recording),
    );
    useAll(component);
    expect(recording.counts).toEqual({});
});
