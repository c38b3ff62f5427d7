// Times as Go prints them (package time: the predefined layouts, Time.Format), for the layouts whose names cosmovisor knows.

/** Name in COSMOVISOR_TIMEFORMAT_LOGS (cosmovisor, args.go: getTimeFormatOption) and Go's layout (time/format.go). */
export const timeFormats = {
  layout: "01/02 03:04:05PM '06 -0700",
  ansic: 'Mon Jan _2 15:04:05 2006',
  unixdate: 'Mon Jan _2 15:04:05 MST 2006',
  rubydate: 'Mon Jan 02 15:04:05 -0700 2006',
  rfc822: '02 Jan 06 15:04 MST',
  rfc822z: '02 Jan 06 15:04 -0700',
  rfc850: 'Monday, 02-Jan-06 15:04:05 MST',
  rfc1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  rfc1123z: 'Mon, 02 Jan 2006 15:04:05 -0700',
  rfc3339: '2006-01-02T15:04:05Z07:00',
  rfc3339nano: '2006-01-02T15:04:05.999999999Z07:00',
  kitchen: '3:04PM',
} as const;

export type TimeFormat = keyof typeof timeFormats;

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const parts = /Monday|Mon|Jan|2006|-0700|Z07:00|\.9+|MST|PM|15|0[1-6]|_2|3/g;

/**
 * @param date in the zone of this process
 * @param zone the zone's name at that time, asked only where the layout has it in it
 */
export function formatTime(format: TimeFormat, date: Date, zone: () => string): string {
  return timeFormats[format].replace(parts, (part) => written(part, date, zone));
}

function written(part: string, date: Date, zone: () => string): string {
  const hour = date.getHours();
  switch (part) {
    case 'Monday':
      return days[date.getDay()] ?? '';
    case 'Mon':
      return (days[date.getDay()] ?? '').slice(0, 3);
    case 'Jan':
      return months[date.getMonth()] ?? '';
    case '01':
      return pad(date.getMonth() + 1);
    case '02':
      return pad(date.getDate());
    case '_2':
      return String(date.getDate()).padStart(2);
    case '3':
      return String(hour % 12 || 12);
    case '03':
      return pad(hour % 12 || 12);
    case '04':
      return pad(date.getMinutes());
    case '05':
      return pad(date.getSeconds());
    case '06':
      return pad(date.getFullYear() % 100);
    case '15':
      return pad(hour);
    case '2006':
      return String(date.getFullYear()).padStart(4, '0');
    case 'PM':
      return hour < 12 ? 'AM' : 'PM';
    case '-0700':
      return offset(date, '');
    case 'Z07:00':
      return date.getTimezoneOffset() === 0 ? 'Z' : offset(date, ':');
    case 'MST':
      return zone();
    default: // the fraction, without zeros at its end
      return String(date.getMilliseconds() / 1000).slice(1);
  }
}

function offset(date: Date, between: string): string {
  const east = -date.getTimezoneOffset();
  const minutes = Math.abs(east);
  return `${east < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}${between}${pad(minutes % 60)}`;
}

function pad(count: number): string {
  return String(count).padStart(2, '0');
}
