export default function run(): never {
  throw new Error('on purpose');
}
