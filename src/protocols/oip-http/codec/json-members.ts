import type { ParameterValue, Parameters } from '../../../core/batch.ts';
import { formatShape } from '../../../core/shape.ts';
import type { Tensor } from '../../../core/tensor.ts';

/** `"parameters":{…},`, or nothing when there are none. */
export function writeParametersMember(parameters: Parameters): string {
  const members = Object.entries(parameters).map(
    ([name, value]) => `${JSON.stringify(name)}:${writeScalar(value)}`,
  );
  return members.length === 0 ? '' : `"parameters":{${members.join(',')}},`;
}

function writeScalar(value: ParameterValue): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** A tensor's object up to its shape, left open. */
export function writeTensorHead(name: string, { datatype, shape }: Tensor): string {
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":${formatShape(shape)}`;
}
