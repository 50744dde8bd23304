import { runAsProcess } from '../src/protocol/run-as-process.ts';
import { doctor } from '../src/resources/doctor/doctor.ts';
import help from './jumpcloud_doctor.yml';

runAsProcess(doctor, help);
