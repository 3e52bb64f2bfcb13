// A plain main: a test is a program that exits with 0. Bazel starts it in its runfiles, where its data are.
#include <fstream>
#include <iostream>
#include <string>

#include "postcard/postcard.h"

namespace {

int failures = 0;

void Expect(bool holds, const std::string& what) {
  if (holds) return;
  ++failures;
  std::cerr << "FAILED: " << what << "\n";
}

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

int main() {
  Expect(postcard::Write("Lund") == "Greetings from Lund!", "a postcard names its town");
  Expect(postcard::Towns().size() == 4, "four towns");
  Expect(postcard::Towns().front() == "Aveiro", "the towns are sorted");
  for (const std::string& town : postcard::Towns()) {
    Expect(FirstLine("album/pages/" + town + "/front/card.txt") == postcard::Write(town), "the album has " + town);
  }
  if (failures == 0) std::cout << "all postcards arrived\n";
  return failures == 0 ? 0 : 1;
}
