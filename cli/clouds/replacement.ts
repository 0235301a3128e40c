/** Of a cloud whose own growth cannot be told to make just one more. */
export const COMES_WHERE_NEEDED =
  'another comes where the load needs one, or where fewer than the minimum are left';
