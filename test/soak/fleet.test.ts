import { describeFleet } from '../faults/describeFleet';

describeFleet(5);
describeFleet(7);
