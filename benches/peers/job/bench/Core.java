package bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The scoring job of benches/SPEC.md, free of any engine: both peer projects compile this file.
 *
 * As in benches/reference.py: recency counts from the latest purchase, this event included, in fractional days, never
 * negative; a customer without a purchase so far isn't scored; the event itself is in the 30-day sums; buckets
 * eventDay-29 .. eventDay (UTC days). Money is summed in whole cents.
 */
public final class Core {
    public static final byte OTHER = 0, PURCHASE = 1, SUPPORT = 2, ABANDON = 3;
    static final long DAY = 86_400_000L, WEEK = 7 * DAY;

    private Core() {}

    public static final class Event {
        public String customer, eventId;
        public byte type;
        public long ts, cents;
    }

    /** Per-customer state: last purchase, last alert, one 12-byte bucket per active day of the last 30. */
    public static final class Cust {
        public static final long NONE = Long.MIN_VALUE;
        public long lastPurchase = NONE, lastAlert = NONE;
        public int n;
        public int[] day = new int[2], cents = new int[2];
        public short[] buys = new short[2], support = new short[2], abandons = new short[2];

        void grow(int cap) {
            day = Arrays.copyOf(day, cap);
            cents = Arrays.copyOf(cents, cap);
            buys = Arrays.copyOf(buys, cap);
            support = Arrays.copyOf(support, cap);
            abandons = Arrays.copyOf(abandons, cap);
        }

        public Cust copy() {
            Cust c = new Cust();
            c.lastPurchase = lastPurchase;
            c.lastAlert = lastAlert;
            c.n = n;
            c.day = day.clone();
            c.cents = cents.clone();
            c.buys = buys.clone();
            c.support = support.clone();
            c.abandons = abandons.clone();
            return c;
        }

        public byte[] encode() {
            byte[] b = new byte[17 + 12 * n];
            put(b, 0, lastPurchase, 8);
            put(b, 8, lastAlert, 8);
            b[16] = (byte) n;
            int o = 17;
            for (int i = 0; i < n; i++) {
                put(b, o, day[i], 2);
                put(b, o + 2, buys[i], 2);
                put(b, o + 4, support[i], 2);
                put(b, o + 6, abandons[i], 2);
                put(b, o + 8, cents[i], 4);
                o += 12;
            }
            return b;
        }

        public static Cust decode(byte[] b) {
            Cust c = new Cust();
            c.lastPurchase = get(b, 0, 8);
            c.lastAlert = get(b, 8, 8);
            c.n = b[16];
            if (c.n > c.day.length) c.grow(c.n + 2);
            int o = 17;
            for (int i = 0; i < c.n; i++) {
                c.day[i] = (int) get(b, o, 2) & 0xffff;
                c.buys[i] = (short) get(b, o + 2, 2);
                c.support[i] = (short) get(b, o + 4, 2);
                c.abandons[i] = (short) get(b, o + 6, 2);
                c.cents[i] = (int) get(b, o + 8, 4);
                o += 12;
            }
            return c;
        }

        private static void put(byte[] b, int o, long v, int len) {
            for (int i = 0; i < len; i++) b[o + i] = (byte) (v >>> (8 * (len - 1 - i)));
        }

        private static long get(byte[] b, int o, int len) {
            long v = 0;
            for (int i = 0; i < len; i++) v = v << 8 | (b[o + i] & 0xff);
            return v;
        }
    }

    /** Applies events; one instance per task, not thread-safe. After {@link #apply}: changed and alert say what to write. */
    public static final class Scorer {
        public boolean changed;
        public byte[] alert;
        private final StringBuilder sb = new StringBuilder(256);

        public void apply(Event e, Cust c) {
            changed = false;
            alert = null;
            int today = (int) Math.floorDiv(e.ts, DAY);
            if (e.type != OTHER) {
                changed = true;
                int i = bucket(c, today);
                switch (e.type) {
                    case PURCHASE -> {
                        c.buys[i]++;
                        c.cents[i] += (int) e.cents;
                        if (e.ts > c.lastPurchase) c.lastPurchase = e.ts;
                    }
                    case SUPPORT -> c.support[i]++;
                    default -> c.abandons[i]++;
                }
            }
            if (c.lastPurchase == Cust.NONE) return; // nobody who hasn't bought yet is scored
            double recency = Math.max(0L, e.ts - c.lastPurchase) / (double) DAY;
            int buys = 0, support = 0, abandons = 0;
            long cents = 0;
            for (int i = 0; i < c.n; i++) {
                if (c.day[i] > today - 30 && c.day[i] <= today) {
                    buys += c.buys[i];
                    support += c.support[i];
                    abandons += c.abandons[i];
                    cents += c.cents[i];
                }
            }
            double money = cents / 100.0;
            double z = -1.5 + 0.05 * recency - 0.35 * buys - 0.004 * money + 0.6 * support + 0.4 * abandons;
            double p = 1.0 / (1.0 + Math.exp(-z));
            if (p >= 0.8 && (c.lastAlert == Cust.NONE || e.ts - c.lastAlert >= WEEK)) {
                c.lastAlert = e.ts;
                changed = true;
                sb.setLength(0);
                sb.append("{\"customer_id\":\"").append(e.customer).append("\",\"ts\":").append(e.ts)
                    .append(",\"p\":").append(p).append(",\"recency_days\":").append(recency)
                    .append(",\"frequency_30d\":").append(buys).append(",\"monetary_30d\":").append(money)
                    .append(",\"support_30d\":").append(support).append(",\"abandons_30d\":").append(abandons)
                    .append(",\"event_id\":\"").append(e.eventId).append("\"}");
                alert = sb.toString().getBytes(StandardCharsets.ISO_8859_1);
            }
        }

        /** Index of today's bucket; drops buckets that no event at most a day late can still need. */
        private static int bucket(Cust c, int today) {
            int w = 0;
            for (int i = 0; i < c.n; i++) {
                if (c.day[i] <= today - 31) continue;
                if (w != i) {
                    c.day[w] = c.day[i];
                    c.cents[w] = c.cents[i];
                    c.buys[w] = c.buys[i];
                    c.support[w] = c.support[i];
                    c.abandons[w] = c.abandons[i];
                }
                w++;
            }
            c.n = w;
            for (int i = w - 1; i >= 0; i--) if (c.day[i] == today) return i;
            if (c.n == c.day.length) c.grow(c.n * 2);
            int i = c.n++;
            c.day[i] = today;
            c.cents[i] = 0;
            c.buys[i] = c.support[i] = c.abandons[i] = 0;
            return i;
        }
    }

    private static final JsonFactory JSON = new JsonFactory();

    /** Streaming parse of one event; throws on malformed input (the engines' own handlers decide what then). */
    public static Event parse(byte[] v) throws IOException {
        Event e = new Event();
        try (JsonParser p = JSON.createParser(v, 0, v.length)) {
            if (p.nextToken() != JsonToken.START_OBJECT) throw new IOException("not an object");
            String f;
            while ((f = p.nextFieldName()) != null) {
                JsonToken t = p.nextToken();
                switch (f) {
                    case "event_id" -> e.eventId = p.getText();
                    case "customer_id" -> e.customer = p.getText();
                    case "ts" -> e.ts = p.getLongValue();
                    case "amount" -> e.cents = Math.round(p.getDoubleValue() * 100);
                    case "type" -> e.type = switch (p.getText()) {
                        case "purchase" -> PURCHASE;
                        case "support_contact" -> SUPPORT;
                        case "cart_abandon" -> ABANDON;
                        default -> OTHER;
                    };
                    default -> { if (t.isStructStart()) p.skipChildren(); }
                }
            }
        }
        if (e.customer == null || e.eventId == null || e.ts == 0) throw new IOException("field missing");
        return e;
    }

    /** Peak resident set of this process in MB (VmHWM). */
    public static long peakRssMb() throws IOException {
        for (String l : java.nio.file.Files.readAllLines(java.nio.file.Path.of("/proc/self/status")))
            if (l.startsWith("VmHWM")) return Long.parseLong(l.replaceAll("\\D+", "")) / 1024;
        return -1;
    }

    public static double cpuSeconds() {
        return ((com.sun.management.OperatingSystemMXBean) java.lang.management.ManagementFactory.getOperatingSystemMXBean())
            .getProcessCpuTime() / 1e9;
    }

    public static String env(String k, String d) {
        String v = System.getenv(k);
        return v == null || v.isEmpty() ? d : v;
    }
}
