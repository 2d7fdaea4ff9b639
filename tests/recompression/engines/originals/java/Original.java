import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.zip.GZIPOutputStream;

/**
 * Compresses what it is sent with java.util.zip.GZIPOutputStream.
 *
 * <p>A request is a line "KIND LEVEL LENGTH" and that many bytes; the answer is a line "LENGTH" and that
 * many bytes. KIND is not looked at; LEVEL 6 is what jib uses.
 */
final class Original {
    private static final class Leveled extends GZIPOutputStream {
        Leveled(OutputStream out, int level) throws IOException {
            super(out);
            def.setLevel(level);
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                return null;
            }
            line.append((char) c);
        }
        return line.toString();
    }

    public static void main(String[] arguments) throws IOException {
        InputStream in = new BufferedInputStream(System.in, 1 << 20);
        PrintStream out = new PrintStream(System.out, false);
        for (String request = line(in); request != null; request = line(in)) {
            String[] words = request.split(" ");
            byte[] data = in.readNBytes(Integer.parseInt(words[2]));
            ByteArrayOutputStream compressed = new ByteArrayOutputStream();
            try (Leveled gzip = new Leveled(compressed, Integer.parseInt(words[1]))) {
                gzip.write(data);
            }
            out.print(compressed.size() + "\n");
            compressed.writeTo(out);
            out.flush();
        }
    }
}
